"""The pages, in the order of the menu, and what each is for."""

PAGES = {
    "design": "Draw a network, count it, edit it",
    "explore": "Thousands of designs around one, by what they cost",
    "gallery": "Saved designs, their runs and their versions",
    "train": "Train the design and watch it learn",
    "sweeps": "Train a design many times, changed along some axes",
    "laboratory": "See how signals and gradients travel through the design",
    "lessons": "Ten claims about residual networks, each with an experiment",
    "compare": "Designs, runs and published networks side by side",
    "export": "Take a network away in formats that load elsewhere",
}


def file_of(page: str) -> str:
    """The file of a page, as Streamlit's navigation knows it."""
    return f"views/{page}.py"
