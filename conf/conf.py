"""Sphinx's settings for docbuild's own documentation."""

from docbuild import __version__

project = "docbuild"
author = "the docbuild authors"
project_copyright = "the docbuild authors"
version = release = __version__

extensions = ["myst_nb", "sphinx_gallery.gen_gallery", "docbuild.cards"]
exclude_patterns = [
    "scripts/**",
    "gallery/**.ipynb",  # sphinx-gallery's downloads: second sources of its pages
    "jupyter_execute",
]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
nb_execution_mode = "auto"
nb_merge_streams = True

sphinx_gallery_conf = {
    "examples_dirs": "scripts",
    "gallery_dirs": "gallery",
    "download_all_examples": False,
    "expected_failing_examples": ["scripts/plot_expected_failure.py"],
    "remove_config_comments": True,
    "show_signature": False,
}

html_theme = "furo"
html_title = "docbuild"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/mark.svg"
html_theme_options = {
    "light_logo": "mark.svg",
    "dark_logo": "mark.svg",
    "light_css_variables": {
        "color-brand-primary": "#0b6e5d",
        "color-brand-content": "#0b6e5d",
        "color-brand-visited": "#0b6e5d",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5fd3bc",
        "color-brand-content": "#5fd3bc",
        "color-brand-visited": "#5fd3bc",
    },
}
