"""The main window and what is fixed to it: menus, tool bars, the start page. Wiring, no logic."""
