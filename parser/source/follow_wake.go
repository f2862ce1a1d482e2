package source

type waker struct{ c chan struct{} }

func newWaker() *waker { return nil }
func (w *waker) events() <-chan struct{} {
	if w == nil {
		return nil
	}
	return w.c
}
func (w *waker) close()  {}
func (t *track) listen() {}
