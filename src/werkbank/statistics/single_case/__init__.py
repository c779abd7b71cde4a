"""What single-case designs let one compute: phases and values in, frozen results out.

Reasons why a number is not given stand in `note` as plain keys (`series.NOTES` lists them all); sentences are made
elsewhere.
"""
