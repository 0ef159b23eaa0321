"""The demo: a page in the browser where entries are sampled, edited, mixed, and given pictures.

`studio` draws, and knows nothing of the page; `page` has the forms. The command `demo` imports it.
"""
