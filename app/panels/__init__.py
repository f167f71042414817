"""The widgets around the canvas; they show the session and forward to its verbs."""
