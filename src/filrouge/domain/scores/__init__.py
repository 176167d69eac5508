"""The room of scores: engagement, churn risk, propensity and value, with their reasons and their report cards."""
