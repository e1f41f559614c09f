//go:build linux || darwin

package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// confine gives up what a render does not need, for good: no further file or socket can be opened, and so no program be
// started, no file can grow and no core be dumped.
func confine(limits Limits) error {
	if err := confineMemory(limits.Memory); err != nil {
		return fmt.Errorf("giving up rights before rendering: %w", err)
	}
	for _, l := range []struct {
		resource int
		most     uint64
	}{{syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, 0}, {syscall.RLIMIT_NOFILE, 3}} {
		if err := syscall.Setrlimit(l.resource, &syscall.Rlimit{Cur: l.most, Max: l.most}); err != nil {
			return fmt.Errorf("giving up rights before rendering: %w", os.NewSyscallError("setrlimit", err))
		}
	}
	return nil
}

// setUp makes the child the head of a process group of its own.
func setUp(c *exec.Cmd, apart bool) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if apart {
		setApart(c.SysProcAttr)
	}
}

func killGroup(p *os.Process) {
	if syscall.Kill(-p.Pid, syscall.SIGKILL) != nil {
		_ = p.Kill()
	}
}
