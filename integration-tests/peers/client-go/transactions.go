package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"sync"
	"time"

	tikverr "github.com/tikv/client-go/v2/error"
	"github.com/tikv/client-go/v2/kv"
	"github.com/tikv/client-go/v2/tikvrpc"
	"github.com/tikv/client-go/v2/tikvrpc/interceptor"
	"github.com/tikv/client-go/v2/txnkv/transaction"
)

func transactions() []spec {
	return []spec{
		{"a committed value is read, an uncommitted one is not", commitIsSeen},
		{"a snapshot keeps its own time", snapshotIsStable},
		{"scans cross regions, forwards and backwards", scansCrossRegions},
		{"the second of two optimistic writers is refused", writeConflict},
		{"a transaction of 20,000 keys in many regions commits", bigTransaction},
		{"async commit is read at once", asyncCommit},
		{"one-phase commit is read at once", onePhaseCommit},
		{"locks of a client that died before its commit are rolled back", deadClient},
		{"an async commit whose client died is finished", deadAsyncClient},
		{"followers answer reads", followerReads},
		{"a bank keeps its sum while regions split", bank},
		{"a safepoint refuses older snapshots", garbageCollection},
		{"a range is deleted", deleteRange},
	}
}

func key(format string, args ...any) []byte { return []byte("go:" + fmt.Sprintf(format, args...)) }

func put(ctx context.Context, w *world, options func(*transaction.KVTxn), pairs ...[]byte) error {
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	if options != nil {
		options(txn)
	}
	for i := 0; i < len(pairs); i += 2 {
		if err := txn.Set(pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return txn.Commit(ctx)
}

func expect(ctx context.Context, w *world, k []byte, want string) error {
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	defer txn.Rollback()
	got, err := txn.Get(ctx, k)
	if tikverr.IsErrNotFound(err) {
		if want == "" {
			return nil
		}
		return fmt.Errorf("%s: nothing, want %q", k, want)
	}
	if err != nil {
		return err
	}
	if string(got.Value) != want {
		return fmt.Errorf("%s: %q, want %q", k, got.Value, want)
	}
	return nil
}

func commitIsSeen(ctx context.Context, w *world) error {
	k := key("seen")
	writer, err := w.txn.Begin()
	if err != nil {
		return err
	}
	if err := writer.Set(k, []byte("1")); err != nil {
		return err
	}
	if err := expect(ctx, w, k, ""); err != nil {
		return err
	}
	if err := writer.Commit(ctx); err != nil {
		return err
	}
	if err := expect(ctx, w, k, "1"); err != nil {
		return err
	}
	remover, err := w.txn.Begin()
	if err != nil {
		return err
	}
	if err := remover.Delete(k); err != nil {
		return err
	}
	if err := remover.Commit(ctx); err != nil {
		return err
	}
	return expect(ctx, w, k, "")
}

func snapshotIsStable(ctx context.Context, w *world) error {
	k := key("stable")
	if err := put(ctx, w, nil, k, []byte("old")); err != nil {
		return err
	}
	ts, err := w.txn.CurrentTimestamp("global")
	if err != nil {
		return err
	}
	if err := put(ctx, w, nil, k, []byte("new")); err != nil {
		return err
	}
	old, err := w.txn.GetSnapshot(ts).Get(ctx, k)
	if err != nil {
		return err
	}
	if string(old.Value) != "old" {
		return fmt.Errorf("at the old ts: %q", old.Value)
	}
	return expect(ctx, w, k, "new")
}

func scansCrossRegions(ctx context.Context, w *world) error {
	const count = 300
	var pairs, splits [][]byte
	for i := 0; i < count; i++ {
		pairs = append(pairs, key("scan%04d", i), []byte(fmt.Sprint(i)))
		if i%100 == 50 {
			splits = append(splits, key("scan%04d", i))
		}
	}
	if err := put(ctx, w, nil, pairs...); err != nil {
		return err
	}
	regions, err := w.txn.SplitRegions(ctx, splits, false, nil)
	if err != nil {
		return err
	}
	if len(regions) < len(splits) {
		return fmt.Errorf("%d regions were split, want %d", len(regions), len(splits))
	}
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	defer txn.Rollback()
	forward, err := txn.Iter(key("scan"), key("scan~"))
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		if !forward.Valid() || !bytes.Equal(forward.Key(), key("scan%04d", i)) {
			return fmt.Errorf("forwards, row %d is %q", i, forward.Key())
		}
		if err := forward.Next(); err != nil {
			return err
		}
	}
	if forward.Valid() {
		return fmt.Errorf("forwards, a row too much: %q", forward.Key())
	}
	backward, err := txn.IterReverse(key("scan~"), key("scan"))
	if err != nil {
		return err
	}
	for i := count - 1; i >= 0; i-- {
		if !backward.Valid() || !bytes.Equal(backward.Key(), key("scan%04d", i)) {
			return fmt.Errorf("backwards, row %d is missing", i)
		}
		if err := backward.Next(); err != nil {
			return err
		}
	}
	return nil
}

func writeConflict(ctx context.Context, w *world) error {
	k := key("conflict")
	first, err := w.txn.Begin()
	if err != nil {
		return err
	}
	second, err := w.txn.Begin()
	if err != nil {
		return err
	}
	_ = first.Set(k, []byte("first"))
	_ = second.Set(k, []byte("second"))
	if err := first.Commit(ctx); err != nil {
		return err
	}
	if err := second.Commit(ctx); !tikverr.IsErrWriteConflict(err) {
		return fmt.Errorf("the second commit gave %v", err)
	}
	return expect(ctx, w, k, "first")
}

func bigTransaction(ctx context.Context, w *world) error {
	const count = 20_000
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		if err := txn.Set(key("big%05d", i), bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
			return err
		}
	}
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	check, err := w.txn.Begin()
	if err != nil {
		return err
	}
	defer check.Rollback()
	rows, err := check.Iter(key("big"), key("big~"))
	if err != nil {
		return err
	}
	seen := 0
	for ; rows.Valid(); seen++ {
		if err := rows.Next(); err != nil {
			return err
		}
	}
	if seen != count {
		return fmt.Errorf("%d rows, want %d", seen, count)
	}
	return nil
}

func asyncCommit(ctx context.Context, w *world) error {
	for i := 0; i < 20; i++ {
		a, b := key("async%d-a", i), key("async%d-b", i)
		err := put(ctx, w, func(t *transaction.KVTxn) { t.SetEnableAsyncCommit(true) }, a, []byte("a"), b, []byte("b"))
		if err != nil {
			return err
		}
		if err := expect(ctx, w, a, "a"); err != nil {
			return err
		}
		if err := expect(ctx, w, b, "b"); err != nil {
			return err
		}
	}
	return nil
}

func onePhaseCommit(ctx context.Context, w *world) error {
	commits := map[tikvrpc.CmdType]int{}
	var mutex sync.Mutex
	count := interceptor.NewRPCInterceptor("count", func(next interceptor.RPCInterceptorFunc) interceptor.RPCInterceptorFunc {
		return func(target string, req *tikvrpc.Request) (*tikvrpc.Response, error) {
			mutex.Lock()
			commits[req.Type]++
			mutex.Unlock()
			return next(target, req)
		}
	})
	for i := 0; i < 20; i++ {
		k := key("onephase%d", i)
		err := put(ctx, w, func(t *transaction.KVTxn) { t.SetEnable1PC(true); t.SetRPCInterceptor(count) }, k, []byte("x"))
		if err != nil {
			return err
		}
		if err := expect(ctx, w, k, "x"); err != nil {
			return err
		}
	}
	mutex.Lock()
	defer mutex.Unlock()
	if commits[tikvrpc.CmdCommit] > 0 {
		return fmt.Errorf("%d commit requests: the store fell back to two phases", commits[tikvrpc.CmdCommit])
	}
	return nil
}

// dieBeforeCommit is the child process: it prewrites two keys and ends when the client would send its commit.
func dieBeforeCommit(w *world, async bool) {
	die := interceptor.NewRPCInterceptor("die", func(next interceptor.RPCInterceptorFunc) interceptor.RPCInterceptorFunc {
		return func(target string, req *tikvrpc.Request) (*tikvrpc.Response, error) {
			if req.Type == tikvrpc.CmdCommit {
				os.Exit(0)
			}
			return next(target, req)
		}
	})
	name := "dead"
	if async {
		name = "deadasync"
	}
	err := put(context.Background(), w, func(t *transaction.KVTxn) {
		t.SetRPCInterceptor(die)
		t.SetEnableAsyncCommit(async)
	}, key("%s-a", name), []byte("a"), key("%s-b", name), []byte("b"))
	// Async commit answers before it commits; give its background commit the chance to die.
	time.Sleep(time.Second)
	fmt.Println("the child lived on:", err)
	os.Exit(0)
}

func runChild(w *world, mode string) error {
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	return exec.Command(executable, w.pd, mode).Run()
}

func deadClient(ctx context.Context, w *world) error {
	if err := runChild(w, "leave-locks"); err != nil {
		return err
	}
	if err := expect(ctx, w, key("dead-b"), ""); err != nil {
		return err
	}
	return put(ctx, w, nil, key("dead-a"), []byte("again"))
}

func deadAsyncClient(ctx context.Context, w *world) error {
	if err := runChild(w, "leave-async"); err != nil {
		return err
	}
	if err := expect(ctx, w, key("deadasync-b"), "b"); err != nil {
		return err
	}
	return expect(ctx, w, key("deadasync-a"), "a")
}

func followerReads(ctx context.Context, w *world) error {
	k := key("follower")
	if err := put(ctx, w, nil, k, []byte("v")); err != nil {
		return err
	}
	for i := 0; i < 10; i++ {
		ts, err := w.txn.CurrentTimestamp("global")
		if err != nil {
			return err
		}
		snapshot := w.txn.GetSnapshot(ts)
		snapshot.SetReplicaRead(kv.ReplicaReadFollower)
		got, err := snapshot.Get(ctx, k)
		if err != nil {
			return err
		}
		if string(got.Value) != "v" {
			return fmt.Errorf("a follower answered %q", got.Value)
		}
	}
	return nil
}

func bank(ctx context.Context, w *world) error {
	const accounts, start, clients = 40, 100, 8
	var pairs [][]byte
	for i := 0; i < accounts; i++ {
		pairs = append(pairs, key("bank%03d", i), []byte(fmt.Sprint(start)))
	}
	if err := put(ctx, w, nil, pairs...); err != nil {
		return err
	}
	running, stop := context.WithTimeout(ctx, 8*time.Second)
	defer stop()
	var group sync.WaitGroup
	failures := make(chan error, clients+1)
	for c := 0; c < clients; c++ {
		group.Add(1)
		go func(random *rand.Rand) {
			defer group.Done()
			for running.Err() == nil {
				err := transfer(ctx, w, random.Intn(accounts), random.Intn(accounts), random.Intn(3))
				if err != nil && !retriable(err) {
					failures <- err
					return
				}
			}
		}(rand.New(rand.NewSource(int64(c))))
	}
	for i := 5; i < accounts && running.Err() == nil; i += 7 {
		if _, err := w.txn.SplitRegions(ctx, [][]byte{key("bank%03d", i)}, true, nil); err != nil {
			failures <- err
		}
		if err := bankSum(ctx, w, accounts, accounts*start); err != nil {
			failures <- err
		}
		time.Sleep(300 * time.Millisecond)
	}
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return bankSum(ctx, w, accounts, accounts*start)
	}
}

func transfer(ctx context.Context, w *world, from, to, mode int) error {
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	defer txn.Rollback()
	txn.SetEnableAsyncCommit(mode > 0)
	txn.SetEnable1PC(mode > 1)
	a, b := 0, 0
	left, right := key("bank%03d", from), key("bank%03d", to)
	if from == to {
		return nil
	}
	if err := number(ctx, txn, left, &a); err != nil {
		return err
	}
	if err := number(ctx, txn, right, &b); err != nil {
		return err
	}
	_ = txn.Set(left, []byte(fmt.Sprint(a-1)))
	_ = txn.Set(right, []byte(fmt.Sprint(b+1)))
	return txn.Commit(ctx)
}

func number(ctx context.Context, txn *transaction.KVTxn, k []byte, into *int) error {
	entry, err := txn.Get(ctx, k)
	if err != nil {
		return err
	}
	_, err = fmt.Sscan(string(entry.Value), into)
	return err
}

func bankSum(ctx context.Context, w *world, accounts, want int) error {
	txn, err := w.txn.Begin()
	if err != nil {
		return err
	}
	defer txn.Rollback()
	sum := 0
	for i := 0; i < accounts; i++ {
		balance := 0
		if err := number(ctx, txn, key("bank%03d", i), &balance); err != nil {
			return err
		}
		sum += balance
	}
	if sum != want {
		return fmt.Errorf("the sum is %d at ts %d, want %d", sum, txn.StartTS(), want)
	}
	return nil
}

func retriable(err error) bool { return tikverr.IsErrWriteConflict(err) }

func garbageCollection(ctx context.Context, w *world) error {
	k := key("gc")
	if err := put(ctx, w, nil, k, []byte("old")); err != nil {
		return err
	}
	old, err := w.txn.CurrentTimestamp("global")
	if err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond)
	if err := put(ctx, w, nil, k, []byte("new")); err != nil {
		return err
	}
	safepoint, err := w.txn.CurrentTimestamp("global")
	if err != nil {
		return err
	}
	reached, err := w.txn.GC(ctx, safepoint)
	if err != nil {
		return err
	}
	if reached < safepoint {
		return fmt.Errorf("the safepoint is %d, asked for %d (ts %d)", reached, safepoint, old)
	}
	return expect(ctx, w, k, "new")
}

func deleteRange(ctx context.Context, w *world) error {
	for i := 0; i < 20; i++ {
		if err := put(ctx, w, nil, key("range%02d", i), []byte("v")); err != nil {
			return err
		}
	}
	if _, err := w.txn.DeleteRange(ctx, key("range05"), key("range15"), 2); err != nil {
		return err
	}
	for i := 0; i < 20; i++ {
		want := "v"
		if i >= 5 && i < 15 {
			want = ""
		}
		if err := expect(ctx, w, key("range%02d", i), want); err != nil {
			return err
		}
	}
	return nil
}
