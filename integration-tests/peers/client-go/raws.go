package main

import (
	"bytes"
	"context"
	"fmt"
)

func raws() []spec {
	return []spec{
		{"raw put, get, delete", rawSingle},
		{"raw batches across regions", rawBatches},
		{"raw scans, forwards and backwards", rawScans},
		{"raw compare and swap", rawCompareAndSwap},
		{"raw time to live is refused", rawTimeToLive},
		{"raw delete of a range", rawDeleteRange},
	}
}

func rawKey(format string, args ...any) []byte { return []byte("raw:" + fmt.Sprintf(format, args...)) }

func rawExpect(ctx context.Context, w *world, k []byte, want []byte) error {
	got, err := w.raw.Get(ctx, k)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s: %q, want %q", k, got, want)
	}
	return nil
}

func rawSingle(ctx context.Context, w *world) error {
	k := rawKey("one")
	if err := w.raw.Put(ctx, k, []byte("v")); err != nil {
		return err
	}
	if err := rawExpect(ctx, w, k, []byte("v")); err != nil {
		return err
	}
	if err := w.raw.Delete(ctx, k); err != nil {
		return err
	}
	return rawExpect(ctx, w, k, nil)
}

func rawBatches(ctx context.Context, w *world) error {
	var keys, values [][]byte
	for i := 0; i < 200; i++ {
		keys = append(keys, rawKey("batch%03d", i))
		values = append(values, []byte(fmt.Sprint(i)))
	}
	if _, err := w.txn.SplitRegions(ctx, [][]byte{keys[70], keys[140]}, false, nil); err != nil {
		return err
	}
	if err := w.raw.BatchPut(ctx, keys, values); err != nil {
		return err
	}
	got, err := w.raw.BatchGet(ctx, keys)
	if err != nil {
		return err
	}
	for i := range keys {
		if !bytes.Equal(got[i], values[i]) {
			return fmt.Errorf("key %d: %q", i, got[i])
		}
	}
	if err := w.raw.BatchDelete(ctx, keys[:100]); err != nil {
		return err
	}
	return rawExpect(ctx, w, keys[50], nil)
}

func rawScans(ctx context.Context, w *world) error {
	for i := 0; i < 50; i++ {
		if err := w.raw.Put(ctx, rawKey("scan%03d", i), []byte("v")); err != nil {
			return err
		}
	}
	keys, _, err := w.raw.Scan(ctx, rawKey("scan"), rawKey("scan~"), 100)
	if err != nil {
		return err
	}
	if len(keys) != 50 || !bytes.Equal(keys[49], rawKey("scan049")) {
		return fmt.Errorf("forwards: %d keys", len(keys))
	}
	keys, _, err = w.raw.ReverseScan(ctx, rawKey("scan~"), rawKey("scan"), 10)
	if err != nil {
		return err
	}
	if len(keys) != 10 || !bytes.Equal(keys[0], rawKey("scan049")) {
		return fmt.Errorf("backwards: %d keys", len(keys))
	}
	return nil
}

func rawCompareAndSwap(ctx context.Context, w *world) error {
	k := rawKey("cas")
	client := w.raw.SetAtomicForCAS(true)
	defer client.SetAtomicForCAS(false)
	if _, swapped, err := client.CompareAndSwap(ctx, k, nil, []byte("1")); err != nil || !swapped {
		return fmt.Errorf("from nothing: %v %v", swapped, err)
	}
	if before, swapped, err := client.CompareAndSwap(ctx, k, []byte("0"), []byte("2")); err != nil || swapped || string(before) != "1" {
		return fmt.Errorf("from a wrong value: %q %v %v", before, swapped, err)
	}
	if _, swapped, err := client.CompareAndSwap(ctx, k, []byte("1"), []byte("2")); err != nil || !swapped {
		return fmt.Errorf("from the right value: %v %v", swapped, err)
	}
	return rawExpect(ctx, w, k, []byte("2"))
}

// A cluster of API V1 keeps no time to live, as a TiKV without enable-ttl: it says so and writes nothing.
func rawTimeToLive(ctx context.Context, w *world) error {
	k := rawKey("ttl")
	if err := w.raw.PutWithTTL(ctx, k, []byte("v"), 2); err == nil {
		return fmt.Errorf("a time to live was accepted")
	}
	return rawExpect(ctx, w, k, nil)
}

func rawDeleteRange(ctx context.Context, w *world) error {
	for i := 0; i < 20; i++ {
		if err := w.raw.Put(ctx, rawKey("dr%02d", i), []byte("v")); err != nil {
			return err
		}
	}
	if err := w.raw.DeleteRange(ctx, rawKey("dr05"), rawKey("dr15")); err != nil {
		return err
	}
	if err := rawExpect(ctx, w, rawKey("dr04"), []byte("v")); err != nil {
		return err
	}
	return rawExpect(ctx, w, rawKey("dr10"), nil)
}
