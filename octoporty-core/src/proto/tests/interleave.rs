//! Any interleaving of commands, deliveries and time leaves a lane whole: no breach by either side, nothing left over.

use bytes::Bytes;
use proptest::prelude::*;

use super::pair::{End, Pair, millis};
use crate::{
    frame::{Reset, StreamKind},
    proto::{Config, Event, Role, StreamId},
};

/// Streams that are known to a run; commands pick one by number.
const STREAMS: usize = 6;

#[derive(Debug, Clone)]
enum Command {
    Open { inline: usize, end: bool },
    Head { stream: usize, inline: usize, end: bool },
    Interim { stream: usize },
    Write { stream: usize, bytes: usize },
    Finish { stream: usize, trailers: bool },
    Read { stream: usize, times: u8 },
    Reset { stream: usize },
    Stop { stream: usize },
    DropSender { stream: usize },
    DropReceiver { stream: usize },
    Compress { stream: usize },
    Step,
    Wait(u16),
}

fn command() -> impl Strategy<Value = Command> {
    let stream = || 0..STREAMS;
    let bytes = || prop_oneof![0..2000_usize, 0..100_000_usize];
    prop_oneof![
        3 => (0..2000_usize, any::<bool>()).prop_map(|(inline, end)| Command::Open { inline, end }),
        3 => (stream(), 0..2000_usize, any::<bool>())
            .prop_map(|(stream, inline, end)| Command::Head { stream, inline, end }),
        1 => stream().prop_map(|stream| Command::Interim { stream }),
        6 => (stream(), bytes()).prop_map(|(stream, bytes)| Command::Write { stream, bytes }),
        2 => (stream(), any::<bool>()).prop_map(|(stream, trailers)| Command::Finish { stream, trailers }),
        6 => (stream(), 1..20_u8).prop_map(|(stream, times)| Command::Read { stream, times }),
        1 => stream().prop_map(|stream| Command::Reset { stream }),
        1 => stream().prop_map(|stream| Command::Stop { stream }),
        1 => stream().prop_map(|stream| Command::DropSender { stream }),
        1 => stream().prop_map(|stream| Command::DropReceiver { stream }),
        1 => stream().prop_map(|stream| Command::Compress { stream }),
        4 => Just(Command::Step),
        2 => (0..2000_u16).prop_map(Command::Wait),
    ]
}

/// One end and the streams that it knows.
#[derive(Default)]
struct Known {
    streams: Vec<StreamId>,
}

impl Known {
    fn learn(&mut self, end: &mut End) {
        for event in end.take_events() {
            if let Event::Opened { stream, .. } = event {
                self.streams.push(stream);
            }
        }
    }

    fn do_it(&mut self, end: &mut End, kind: StreamKind, command: &Command) {
        let connection = &mut end.connection;
        let pick = |index: &usize| {
            let newest = self.streams.len().saturating_sub(STREAMS);
            self.streams.get(newest + index).copied()
        };
        let zeros = |bytes: usize| Bytes::from(vec![0; bytes]);
        match command {
            Command::Open { inline, end } => {
                self.streams.extend(connection.open(kind, b"head", &zeros(*inline), *end).ok());
            }
            Command::Head { stream, inline, end } => {
                let _refused = pick(stream).map(|id| connection.send_head(id, b"head", &zeros(*inline), *end));
            }
            Command::Interim { stream } => {
                let _refused = pick(stream).map(|id| connection.send_interim(id, b"103"));
            }
            Command::Write { stream, bytes } => {
                let _refused = pick(stream).map(|id| connection.write(id, &zeros(*bytes)));
            }
            Command::Finish { stream, trailers } => {
                let block = trailers.then(|| zeros(10));
                let _refused = pick(stream).map(|id| connection.finish(id, block));
            }
            Command::Read { stream, times } => {
                for _ in 0..*times {
                    let _nothing = pick(stream).map(|id| connection.read(id));
                }
            }
            Command::Reset { stream } => {
                pick(stream).into_iter().for_each(|id| connection.reset(id, Reset::cancelled()));
            }
            Command::Stop { stream } => pick(stream).into_iter().for_each(|id| connection.stop(id)),
            Command::DropSender { stream } => pick(stream).into_iter().for_each(|id| connection.drop_sender(id)),
            Command::DropReceiver { stream } => pick(stream).into_iter().for_each(|id| connection.drop_receiver(id)),
            Command::Compress { stream } => pick(stream).into_iter().for_each(|id| connection.compress(id)),
            Command::Step | Command::Wait(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_of_commands_leaves_the_lane_whole(
        commands in proptest::collection::vec((any::<bool>(), command()), 1..120),
        delay in 0..50_u64,
        budget in 0..1_000_000_u64,
    ) {
        let config = |role| Config::new(role).streams_max(5).lane_budget_bytes(budget);
        let mut pair = Pair::with(config(Role::Gateway), config(Role::Agent));
        pair.set_delay(millis(delay));
        let (mut gateway, mut agent) = (Known::default(), Known::default());
        for (at_gateway, command) in &commands {
            match command {
                Command::Step => pair.step(),
                Command::Wait(ms) => pair.advance(millis(u64::from(*ms))),
                command if *at_gateway => gateway.do_it(&mut pair.gateway, StreamKind::Http, command),
                command => agent.do_it(&mut pair.agent, StreamKind::Control, command),
            }
            gateway.learn(&mut pair.gateway);
            agent.learn(&mut pair.agent);
            pair.check_invariants();
        }
        pair.settle();
        gateway.learn(&mut pair.gateway);
        agent.learn(&mut pair.agent);
        for id in gateway.streams {
            pair.gateway.drop_handles(id);
        }
        for id in agent.streams {
            pair.agent.drop_handles(id);
        }
        pair.settle();
        prop_assert_eq!(pair.gateway.connection.error(), None);
        prop_assert_eq!(pair.agent.connection.error(), None);
        pair.check_empty();
    }
}
