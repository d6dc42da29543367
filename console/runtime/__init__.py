"""Clock, ids, threads, paths, settings, log: the ground floor. It must never import another part of the console."""
