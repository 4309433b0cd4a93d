"""Values and decisions; nothing here touches disk, clock, process or network."""
