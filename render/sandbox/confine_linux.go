package sandbox

import (
	"bytes"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
)

// executable is the file of this very program, even if another one has taken its place on the disk since.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

// refused tells that the system lets nobody here make a namespace: containers and some distributions do not.
var refused atomic.Bool

func canBeApart() bool { return !refused.Load() }
func cannotBeApart()   { refused.Store(true) }

// setApart puts the child into a network without any interface that is up, of a user who is nobody.
func setApart(attr *syscall.SysProcAttr) {
	attr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET
}

// confineMemory bounds the process's data by the kernel, a little above where watchMemory ends it: one large allocation
// may come between two looks. What the process has already counts apart, because the race detector takes terabytes.
func confineMemory(most int64) error {
	held := int64(1 << 30)
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := bytes.Fields(text); len(fields) > 5 {
			if pages, err := strconv.ParseInt(string(fields[5]), 10, 64); err == nil {
				held = pages * int64(os.Getpagesize())
			}
		}
	}
	all := uint64(held + most + most/4)
	return os.NewSyscallError("setrlimit", syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: all, Max: all}))
}
