package source

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hpcloud/tail/util"
	"github.com/hpcloud/tail/watch"
)

// This file is the only user of hpcloud/tail, and of it only the calls that watch a path:
// they say that something happened, and the rest of the package reads. A lost event costs
// a poll's time and never a line.
//
// Why not more of it: its ChangeEvents ends the whole process when a stat fails otherwise
// than by "not exist" (measured: exit status 1 when the path becomes a loop of links),
// stops for good after a rename, and its file has no offsets. Watch, Events and
// RemoveWatch have none of that. One fatal path is left: its goroutine cannot get an
// inotify instance at the first use (measured: exit status 1 too). It is ruled out twice:
// an instance is tried before, and should another process take the last one in between,
// the library's exported logger ends the goroutine that wants to exit.
//
// Why files and not their directories are watched, and why a bell rests after it has rung:
// with 18,000 writes a second the events of a directory cost 17 % of a core, also when only
// a file was written that nobody follows; those of the file, with the rest, cost 2.8 %, and
// polling alone 0.3 %. What it brings: the median line is seen after 10 ms instead of 98 ms,
// a single line on a quiet system after 0.2 ms.

// inotify is the key of its Notices.
const inotify = "\x00inotify"

// A waker passes events of the watching library to one Follower.
type waker struct {
	rang  chan struct{}
	pause int // looks until it is tried again, after it could not be had
}

func newWaker() *waker { return &waker{rang: make(chan struct{}, 1)} }

// events is never ready if there is no waker.
func (w *waker) events() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.rang
}

// A bell rings when something happens to one path.
type bell struct {
	path string
	rung atomic.Bool
	rang chan<- struct{}
}

func (b *bell) ring() {
	b.rung.Store(true)
	select {
	case b.rang <- struct{}{}:
	default:
	}
}

// listen sets the bell on the file that the path leads to. A new file under the path is
// found by polling, if the old one's end has not rung.
func (t *track) listen() {
	w, live := t.f.wake, t.live()
	if w == nil || w.pause > 0 || live == nil || live.away || t.heard == live {
		return
	}
	real, err := filepath.EvalSymlinks(t.path)
	if err != nil {
		return
	}
	if real, err = filepath.Abs(real); err != nil {
		return
	}
	t.heard = live
	t.deafen()
	b := &bell{path: real, rang: w.rang}
	if err := hang(b, fileID(live.info)); err != nil {
		w.pause = t.f.pace.linger
		t.heard = nil
		t.f.notice(inotify, "", fmt.Errorf("watch %s: %w; files are polled every %v", t.path, err, t.f.opts.Poll))
		return
	}
	t.f.notice(inotify, "", nil)
	t.bell = b
}

func (t *track) deafen() {
	if t.bell != nil {
		unhang(t.bell)
		t.bell = nil
	}
}

// doors are the watched paths of the process: the library has one watcher for all, and
// one channel for each path.
var doors struct {
	sync.Mutex
	alive bool
	dead  bool // it was wanted, and did not answer
	at    map[string]*door
}

// A door is a watched path. The library watches the file that it leads to.
type door struct {
	sync.Mutex
	path   string
	id     inode
	bells  []*bell
	closed chan struct{}
}

// rest is how long a bell is silent after it has rung. The kernel joins equal events that
// wait.
const rest = 10 * time.Millisecond

var errNoWatcher = errors.New("the watching library does not answer")

// hang begins to watch the bell's path, which leads to the file id.
func hang(b *bell, id inode) error {
	doors.Lock()
	defer doors.Unlock()
	d := doors.at[b.path]
	if d != nil && d.id != id {
		d.shut()
	}
	if d == nil || d.id != id {
		if err := watchPath(b.path); err != nil {
			delete(doors.at, b.path)
			return err
		}
	}
	if d == nil {
		d = &door{path: b.path}
		if doors.at == nil {
			doors.at = map[string]*door{}
		}
		doors.at[b.path] = d
	}
	d.Lock()
	d.bells = append(d.bells, b)
	d.Unlock()
	if d.id != id {
		d.id = id
		d.closed = make(chan struct{})
		go attend(d, watch.Events(b.path), d.closed)
	}
	return nil
}

// attend rings for each event until the watch is removed.
func attend[E any](d *door, events <-chan E, closed chan<- struct{}) {
	defer close(closed)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for range events {
		d.Lock()
		for _, b := range d.bells {
			b.ring()
		}
		d.Unlock()
		pause.Reset(rest)
		<-pause.C
	}
}

// shut stops watching. An error means that the file is gone already.
func (d *door) shut() {
	watch.RemoveWatch(d.path)
	<-d.closed
}

// unhang takes the bell away; a path without bells is not watched any more.
func unhang(b *bell) {
	doors.Lock()
	defer doors.Unlock()
	d := doors.at[b.path]
	if d == nil {
		return
	}
	d.Lock()
	d.bells = slices.DeleteFunc(d.bells, func(other *bell) bool { return other == b })
	last := len(d.bells) == 0
	d.Unlock()
	if last {
		delete(doors.at, b.path)
		d.shut()
	}
}

// watchPath asks the library for a watch. The first time it might never answer.
func watchPath(path string) error {
	switch {
	case doors.dead:
		return errNoWatcher
	case doors.alive:
		return giveBack(path, watch.Watch(path))
	}
	if err := canNotify(); err != nil {
		return err
	}
	util.LOGGER.SetOutput(quitter{})
	answer := make(chan error, 1)
	go func() { answer <- watch.Watch(path) }()
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case err := <-answer:
		doors.alive = true
		return giveBack(path, err)
	case <-timer.C:
		doors.dead = true
		return errNoWatcher
	}
}

// giveBack takes from the library the channel that it makes also for a path which it then cannot watch.
// An event of the file that was there before may still be on its way: the library would wait for ever
// for somebody to take it, and whoever wants to watch anything with it. (RemoveWatch would leave it
// with a wrong count of the path's watches; this counts the folder's, which nobody watches.)
func giveBack(path string, err error) error {
	if err != nil {
		watch.RemoveWatchCreate(path)
	}
	return err
}

// A quitter is where the library writes its last words before it ends the process. Its
// goroutine ends instead.
type quitter struct{}

func (quitter) Write([]byte) (int, error) {
	runtime.Goexit()
	return 0, nil
}
