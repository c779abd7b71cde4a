"""Effects of several studies: read from papers' tables or from schools' shared results, pooled, and what is known."""
