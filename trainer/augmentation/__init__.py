"""Changes to training rows: what they do to a batch, given draws that depend on the row's place alone."""
