"""What is said on pages, a file a language; `chosen_language` says how to add one."""
