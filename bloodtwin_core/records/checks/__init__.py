"""Whether records make sense: findings with place, size and remedy."""
