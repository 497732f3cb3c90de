"""Servers on the loopback interface that speak as the clouds do, well and badly."""
