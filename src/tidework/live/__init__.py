"""Live updates: each commit of a workspace, told to whoever has it open."""
