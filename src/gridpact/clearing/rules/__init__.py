"""What rules of allocation are made of: stages over a programme, each the best of several starts."""
