// Drives FlashKV with TiKV's own Go client, the one that TiDB uses.
//
// usage: clientgo PD_HOST:PORT [CASE]
//
// Prints one line per case and, last, "client-go cases N failed F". Exits with 1 if any failed.
// The hidden modes "leave-locks" and "leave-async" are children of the cases that need a client that died.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pingcap/log"
	"github.com/tikv/client-go/v2/rawkv"
	"github.com/tikv/client-go/v2/txnkv"
	"go.uber.org/zap"
)

// limit is how long one case may take before it counts as failed.
const limit = 60 * time.Second

type world struct {
	pd  string
	txn *txnkv.Client
	raw *rawkv.Client
}

// spec is one behaviour; run returns what was wrong, or nil.
type spec struct {
	name string
	run  func(context.Context, *world) error
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: clientgo PD_HOST:PORT [CASE]")
		os.Exit(2)
	}
	log.ReplaceGlobals(zap.NewNop(), &log.ZapProperties{Syncer: nopSyncer{}})
	only := ""
	if len(os.Args) > 2 {
		only = os.Args[2]
	}
	w, err := connect(os.Args[1])
	if err != nil {
		fmt.Println("cannot connect:", err)
		os.Exit(1)
	}
	switch only {
	case "leave-locks":
		dieBeforeCommit(w, false)
	case "leave-async":
		dieBeforeCommit(w, true)
	}
	count, failed := 0, 0
	for _, s := range append(transactions(), append(pessimistic(), raws()...)...) {
		if only != "" && !strings.Contains(s.name, only) {
			continue
		}
		count++
		start := time.Now()
		if err := bounded(s, w); err != nil {
			failed++
			fmt.Printf("FAILED %s: %v\n", s.name, err)
		} else {
			fmt.Printf("ok     %s (%d ms)\n", s.name, time.Since(start).Milliseconds())
		}
	}
	fmt.Printf("client-go cases %d failed %d\n", count, failed)
	if failed > 0 || count == 0 {
		os.Exit(1)
	}
}

func connect(pd string) (*world, error) {
	txn, err := txnkv.NewClient([]string{pd})
	if err != nil {
		return nil, err
	}
	raw, err := rawkv.NewClientWithOpts(context.Background(), []string{pd})
	if err != nil {
		return nil, err
	}
	return &world{pd: pd, txn: txn, raw: raw}, nil
}

// bounded runs a case within its time; a case that hangs is left behind and counts as failed.
func bounded(s spec, w *world) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- s.run(ctx, w)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(limit + 5*time.Second):
		return fmt.Errorf("not done after %v", limit)
	}
}

type nopSyncer struct{}

func (nopSyncer) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (nopSyncer) Sync() error                 { return nil }
