"""The values that the rooms pass to each other: records, states, refusals, times, numbers. No input or output."""
