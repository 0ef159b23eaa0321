// The gallery's filters: an entry is shown if it fits all of them.
document.addEventListener("DOMContentLoaded", () => {
  const gallery = document.querySelector(".gallery");
  if (!gallery) return;
  const cards = [...gallery.querySelectorAll(".entry")];
  const form = document.createElement("form");
  form.className = "filters";
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search the entries";
  search.setAttribute("aria-label", "Search the entries");
  form.append(search);
  const selects = ["variant", "data", "size", "kind"].map((key) => {
    const select = document.createElement("select");
    select.name = key;
    select.setAttribute("aria-label", key);
    select.append(new Option(`any ${key}`, ""));
    const values = new Set(cards.map((card) => card.dataset[key]).filter(Boolean));
    [...values]
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .forEach((value) => select.append(new Option(value, value)));
    form.append(select);
    return select;
  });
  const count = document.createElement("output");
  form.append(count);
  gallery.before(form);

  const given = new URLSearchParams(location.search);
  selects.forEach((select) => (select.value = given.get(select.name) || ""));
  search.value = given.get("search") || "";

  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card) => {
      const text = card.textContent.toLowerCase();
      const fits =
        selects.every((select) => !select.value || card.dataset[select.name] === select.value) &&
        words.every((word) => text.includes(word));
      card.hidden = !fits;
      shown += fits;
    });
    count.value = `${shown} of ${cards.length}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
});
