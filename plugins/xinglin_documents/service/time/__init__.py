"""Working time by the hospital's calendar, deputies for a period, deadlines."""
