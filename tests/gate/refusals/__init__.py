"""What the gate refuses, and how it says so."""
