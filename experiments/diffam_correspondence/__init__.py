"""Do vertices stay on the places they mean? As Fig. 2b of Kim and Park 2024."""
