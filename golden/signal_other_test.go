//go:build !unix

package golden

import "os"

// terminate stands for SIGTERM where there is none.
var terminate = os.Interrupt
