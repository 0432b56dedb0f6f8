package publish

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"example.com/cut/internal/ws"
)

// start starts a job that publishes count messages and returns a result.
func (p *Publisher) start(w http.ResponseWriter, r *http.Request) {
	id, count, save := r.FormValue("id"), number(r, "count"), number(r, "save")
	pause, err := time.ParseDuration(r.FormValue("pause"))
	if err != nil {
		answer(w, err)
		return
	}
	_, err = p.layer.Jobs().Start(r.Context(), id, func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		for n := 1; n <= count; n++ {
			if err := j.Send(ctx, p.message(n)); err != nil {
				return ws.Message{}, err
			}
			at, err := p.layer.Stream("job:" + id).Position(ctx) // nobody else sends to it
			if err != nil {
				return ws.Message{}, err
			}
			if err := p.journal.Published("job:"+id, at.Epoch, at.Offset, n); err != nil {
				return ws.Message{}, err
			}
			if save > 0 && n%save == 0 {
				if err := j.Save(ctx, p.state(n)); err != nil {
					return ws.Message{}, err
				}
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ws.Message{}, context.Cause(ctx)
			}
		}
		return ws.Text(fmt.Sprintf("result %d %d", p.journal.Boot(), count)), nil
	})
	answer(w, err)
}
