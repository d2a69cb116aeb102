//! Whether the transport has something to read, without asking it.
//!
//! A driver is woken for many reasons. Asking a transport each time would be dear: a WebSocket prepares its whole
//! read buffer before it finds that nothing is there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
};

use futures::task::AtomicWaker;

/// Opens when the transport wakes its reader, and passes the wake on to the driver.
#[derive(Debug)]
pub(super) struct ReadGate {
    woken: AtomicBool,
    driver: AtomicWaker,
}

impl ReadGate {
    /// An open gate: nothing was read yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { woken: AtomicBool::new(true), driver: AtomicWaker::new() })
    }

    /// Whom to wake from now on.
    pub(super) fn register(&self, context: &Context<'_>) {
        self.driver.register(context.waker());
    }

    /// Whether to read; closes the gate. A wake that comes while reading opens it again, and is not lost.
    pub(super) fn pass(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }

    /// Leaves the gate open: the reader stopped before the transport had nothing more.
    pub(super) fn stay_open(&self) {
        self.woken.store(true, Ordering::Release);
    }

    /// The waker to read with.
    pub(super) fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }
}

impl Wake for ReadGate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.driver.wake();
    }
}
