//! Processes: started with a clean environment, listened to, signalled, ended.

use std::time::Duration;

use octoporty_tests::{
    LineSource, Process, ProcessError, ProcessFigures, Program, Signal, TestFolder, eventually, free_address,
};

use super::SOON;

fn shell(script: &str) -> Process {
    let program = Program::at("/bin/sh").argument("-c").argument(script);
    program.variable("GIVEN", "yes").start().expect("a shell is everywhere")
}

#[tokio::test]
async fn environment_is_empty_but_for_what_is_given() {
    let mut process = shell("echo given=$GIVEN home=$HOME; echo oops >&2");
    let line = process.wait_for_line("given", SOON).await.unwrap();
    assert_eq!((line.text.as_str(), line.source), ("given=yes home=", LineSource::Output));
    let line = process.wait_for_line("oops", SOON).await.unwrap();
    assert_eq!(line.source, LineSource::Error);
    assert!(process.wait_for_exit(SOON).await.unwrap().success());
}

#[tokio::test]
async fn missing_line_is_an_error_with_the_last_lines() {
    let process = shell("echo first");
    let error = process.wait_for_line("second", SOON).await.unwrap_err();
    let ProcessError::NoLine { why, lines, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(why, "the output ended");
    assert!(lines.contains("first"), "{lines}");
}

#[tokio::test]
async fn signals_reach_the_process() {
    let mut process = shell("trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    process.wait_for_line("ready", SOON).await.unwrap();
    assert!(process.is_running().unwrap());
    let status = process.stop(SOON).await.unwrap();
    assert_eq!(status.code(), Some(3));
    process.wait_for_line("caught", SOON).await.unwrap();
    let error = process.signal(Signal::Kill).await.unwrap_err();
    assert!(matches!(error, ProcessError::Exited), "{error}");
}

#[tokio::test]
async fn process_that_does_not_exit_is_reported_and_killed_on_drop() {
    let mut process = shell("echo ready; exec sleep 60");
    process.wait_for_line("ready", SOON).await.unwrap();
    let error = process.wait_for_exit(Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(error, ProcessError::StillRunning { .. }), "{error}");
    let id = process.id().unwrap();
    drop(process);
    eventually(SOON, "the process is gone", || ProcessFigures::of(id).is_err()).await;
}

#[tokio::test]
async fn figures_of_a_process_are_plausible() {
    let own = ProcessFigures::of_self().unwrap();
    assert!(own.resident_bytes > 1 << 20 && own.resident_bytes <= own.resident_bytes_peak);
    assert!(own.threads >= 1 && own.descriptors >= 3);
    let process = shell("echo ready; exec sleep 60");
    process.wait_for_line("ready", SOON).await.unwrap();
    assert_eq!(process.figures().unwrap().threads, 1);
}

#[tokio::test]
async fn missing_program_says_where_it_was_looked_for() {
    let error = Program::named("no-such-program").unwrap_err();
    assert!(error.to_string().contains("TEST_BIN_NO_SUCH_PROGRAM"), "{error}");
}

#[tokio::test]
async fn folder_and_port_are_the_test_s_own() {
    let folder = TestFolder::new().unwrap();
    let path = folder.write("a/b.txt", "text").unwrap();
    assert_eq!(folder.read("a/b.txt").unwrap(), "text");
    let root = folder.path().to_owned();
    drop(folder);
    assert!(!path.exists() && !root.exists());
    assert_ne!(free_address().unwrap().port(), 0);
}
