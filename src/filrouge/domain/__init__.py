"""The rooms: pure rules about customers. No Django, no network, no clock of their own."""
