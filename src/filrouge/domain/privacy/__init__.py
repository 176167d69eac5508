"""Who may see and do what with whose data, and what must never come back."""
