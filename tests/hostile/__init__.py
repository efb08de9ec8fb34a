"""Programs of ours that attack the sandbox, one attack a file, and what runs them against every tier."""
