"""What is on screen and what a person may do there, as plain values and plain methods. No Qt, no socket, no waiting."""
