"""The spine from C1 to L5, level by level, beside Fig. 2a of Kim and Park 2024."""
