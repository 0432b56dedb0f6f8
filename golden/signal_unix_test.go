//go:build unix

package golden

import "syscall"

// terminate is the signal with which a platform stops a service.
const terminate = syscall.SIGTERM
