// wsgen reads a routing spec and emits a ready WebSocket service in Go, with a matching JavaScript client.
package main

import (
	"os"

	"wsgen/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
