// Package fleet stands for the servers that are updated.
package fleet
