"""Words that everything in the gate speaks: times, documents, refusals."""
