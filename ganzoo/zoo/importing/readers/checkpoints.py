"""TensorFlow's checkpoints, SavedModels and modules of TF-Hub: only their variables are read."""

from pathlib import Path

from ganzoo.zoo.importing.readers.arrays import Array


def prefix(path: Path) -> Path | None:
    """Returns the path of a checkpoint without its suffix, if this is one or holds one."""
    if path.suffix == ".index":
        return path.with_suffix("")
    for folder in (path / "variables", path):
        indices = sorted(folder.glob("*.index")) if folder.is_dir() else []
        if len(indices) == 1:
            return indices[0].with_suffix("")
    return None


def read(path) -> dict[str, Array]:
    """Returns the variables of a checkpoint by name."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(path))
    shapes, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()

    def one(name: str) -> Array:
        return Array(
            shapes[name], types[name].as_numpy_dtype().dtype.str, lambda: reader.get_tensor(name)
        )

    numeric = [name for name in sorted(shapes) if types[name].is_floating or types[name].is_integer]
    return {name: one(name) for name in numeric}
