"""The picture at the top of the README: what exact clearing gives, on two networks."""
