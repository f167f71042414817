"""The verbs of the program: what a person can do with the open document."""
