"""Before the data: lots, power, what one will be allowed to say, and what is promised."""
