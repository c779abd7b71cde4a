"""What a design allows one to say: the quality of a study, and the claims that its estimates carry."""
