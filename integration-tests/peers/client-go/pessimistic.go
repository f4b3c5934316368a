package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	tikverr "github.com/tikv/client-go/v2/error"
	"github.com/tikv/client-go/v2/kv"
	"github.com/tikv/client-go/v2/txnkv/transaction"
)

func pessimistic() []spec {
	return []spec{
		{"a pessimistic lock makes the next one wait", lockWaits},
		{"a pessimistic lock without waiting is refused", lockNoWait},
		{"a wait for a lock ends with its time", lockTimesOut},
		{"a circle of waits is a deadlock", deadlock},
		{"a lock returns the value it locks", lockReturnsValue},
		{"a lock meets a newer write and retries", lockConflict},
		{"a pessimistic transaction that is rolled back lets others in", lockRollback},
	}
}

func beginPessimistic(w *world) (*transaction.KVTxn, error) {
	txn, err := w.txn.Begin()
	if err == nil {
		txn.SetPessimistic(true)
	}
	return txn, err
}

// lock takes keys at a fresh for-update ts; wait is in milliseconds.
func lock(ctx context.Context, w *world, txn *transaction.KVTxn, wait int64, keys ...[]byte) (*kv.LockCtx, error) {
	ts, err := w.txn.CurrentTimestamp("global")
	if err != nil {
		return nil, err
	}
	lockCtx := kv.NewLockCtx(ts, wait, time.Now())
	lockCtx.InitReturnValues(len(keys))
	return lockCtx, txn.LockKeys(ctx, lockCtx, keys...)
}

func lockWaits(ctx context.Context, w *world) error {
	k := key("lock-waits")
	first, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	if _, err := lock(ctx, w, first, kv.LockAlwaysWait, k); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		second, err := beginPessimistic(w)
		if err != nil {
			done <- err
			return
		}
		// The client takes a newer for-update ts after a write conflict, as TiDB does.
		for {
			_, err = lock(ctx, w, second, kv.LockAlwaysWait, k)
			if err == nil || !tikverr.IsErrWriteConflict(err) {
				break
			}
		}
		if err == nil {
			_ = second.Set(k, []byte("second"))
			err = second.Commit(ctx)
		}
		done <- err
	}()
	select {
	case err := <-done:
		return fmt.Errorf("the second did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	_ = first.Set(k, []byte("first"))
	if err := first.Commit(ctx); err != nil {
		return err
	}
	if err := <-done; err != nil {
		return err
	}
	return expect(ctx, w, k, "second")
}

func lockNoWait(ctx context.Context, w *world) error {
	k := key("lock-nowait")
	first, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	defer first.Rollback()
	if _, err := lock(ctx, w, first, kv.LockAlwaysWait, k); err != nil {
		return err
	}
	second, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	defer second.Rollback()
	if _, err := lock(ctx, w, second, kv.LockNoWait, k); !errors.Is(err, tikverr.ErrLockAcquireFailAndNoWaitSet) {
		return fmt.Errorf("want an immediate refusal, got %v", err)
	}
	return nil
}

func lockTimesOut(ctx context.Context, w *world) error {
	k := key("lock-timeout")
	first, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	defer first.Rollback()
	if _, err := lock(ctx, w, first, kv.LockAlwaysWait, k); err != nil {
		return err
	}
	second, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	defer second.Rollback()
	if _, err := lock(ctx, w, second, 500, k); !errors.Is(err, tikverr.ErrLockWaitTimeout) {
		return fmt.Errorf("want a timeout, got %v", err)
	}
	return nil
}

func deadlock(ctx context.Context, w *world) error {
	a, b := key("deadlock-a"), key("deadlock-b")
	first, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	second, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	if _, err := lock(ctx, w, first, kv.LockAlwaysWait, a); err != nil {
		return err
	}
	if _, err := lock(ctx, w, second, kv.LockAlwaysWait, b); err != nil {
		return err
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := lock(ctx, w, first, kv.LockAlwaysWait, b)
		waiting <- err
	}()
	time.Sleep(200 * time.Millisecond)
	_, err = lock(ctx, w, second, kv.LockAlwaysWait, a)
	var found *tikverr.ErrDeadlock
	if !errors.As(err, &found) {
		return fmt.Errorf("want a deadlock, got %v", err)
	}
	if err := second.Rollback(); err != nil {
		return err
	}
	if err := <-waiting; err != nil {
		return fmt.Errorf("the other waiter: %v", err)
	}
	return first.Rollback()
}

func lockReturnsValue(ctx context.Context, w *world) error {
	k := key("lock-value")
	if err := put(ctx, w, nil, k, []byte("v")); err != nil {
		return err
	}
	txn, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	defer txn.Rollback()
	lockCtx, err := lock(ctx, w, txn, kv.LockAlwaysWait, k)
	if err != nil {
		return err
	}
	if got := lockCtx.Values[string(k)]; string(got.Value) != "v" {
		return fmt.Errorf("the lock returned %q", got.Value)
	}
	return nil
}

func lockConflict(ctx context.Context, w *world) error {
	k := key("lock-conflict")
	txn, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	old, err := w.txn.CurrentTimestamp("global")
	if err != nil {
		return err
	}
	if err := put(ctx, w, nil, k, []byte("newer")); err != nil {
		return err
	}
	if err := txn.LockKeys(ctx, kv.NewLockCtx(old, kv.LockAlwaysWait, time.Now()), k); !tikverr.IsErrWriteConflict(err) {
		return fmt.Errorf("want a write conflict, got %v", err)
	}
	if _, err := lock(ctx, w, txn, kv.LockAlwaysWait, k); err != nil {
		return err
	}
	_ = txn.Set(k, []byte("mine"))
	if err := txn.Commit(ctx); err != nil {
		return err
	}
	return expect(ctx, w, k, "mine")
}

func lockRollback(ctx context.Context, w *world) error {
	k := key("lock-rollback")
	first, err := beginPessimistic(w)
	if err != nil {
		return err
	}
	if _, err := lock(ctx, w, first, kv.LockAlwaysWait, k); err != nil {
		return err
	}
	if err := first.Rollback(); err != nil {
		return err
	}
	return put(ctx, w, nil, k, []byte("other"))
}
