//! Names of steps: which steps a name means, seen from a place in the job.
//!
//! Each call of a procedure has a frame of names of its own. A name is looked for in the frame where
//! it is used, then in those around it; among equal ones the last before counts.

use std::ops::Range;

/// Names of all steps and calls of a job.
#[derive(Debug)]
pub(super) struct Names {
    frames: Vec<Frame>,
}

#[derive(Debug, Default)]
struct Frame {
    parent: Option<usize>,
    nodes: Vec<(Option<String>, Node)>,
}

/// What an EXEC statement made.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// One step.
    Step(usize),
    /// A step whose EXEC statement was wrong, which was reported: it may have been meant for a call.
    Spoiled(usize),
    /// The steps of a procedure, and the frame of their names.
    Call { frame: usize, steps: Range<usize> },
}

/// The frame of the job itself.
pub(super) const ROOT: usize = 0;

impl Names {
    pub fn new() -> Self {
        Self { frames: vec![Frame::default()] }
    }

    /// Whether an EXEC statement of the frame has that name already.
    pub fn has(&self, frame: usize, name: &str) -> bool {
        self.nodes(frame).iter().any(|(known, _)| known.as_deref() == Some(name))
    }

    /// EXEC statements of a frame, in order.
    pub fn nodes(&self, frame: usize) -> &[(Option<String>, Node)] {
        self.frames.get(frame).map_or(&[], |frame| &frame.nodes)
    }

    /// Calls of procedures so far.
    pub fn calls(&self) -> usize {
        self.frames.len() - 1
    }

    pub fn add_step(&mut self, frame: usize, name: Option<&str>, step: usize) {
        if let Some(frame) = self.frames.get_mut(frame) {
            frame.nodes.push((name.map(str::to_owned), Node::Step(step)));
        }
    }

    /// A step of which nothing is known but that it is there.
    pub fn add_spoiled(&mut self, frame: usize, name: Option<&str>, step: usize) {
        if let Some(frame) = self.frames.get_mut(frame) {
            frame.nodes.push((name.map(str::to_owned), Node::Spoiled(step)));
        }
    }

    /// Opens the frame of a call whose first step will be `start`.
    pub fn open_call(&mut self, parent: usize, name: Option<&str>, start: usize) -> usize {
        let frame = self.frames.len();
        self.frames.push(Frame { parent: Some(parent), nodes: Vec::new() });
        let call = Node::Call { frame, steps: start..usize::MAX };
        if let Some(parent) = self.frames.get_mut(parent) {
            parent.nodes.push((name.map(str::to_owned), call));
        }
        frame
    }

    /// The call has no more steps.
    pub fn close_call(&mut self, parent: usize, callee: usize, end: usize) {
        let nodes = self.frames.get_mut(parent).map(|parent| &mut parent.nodes);
        for (_, node) in nodes.into_iter().flatten() {
            if let Node::Call { frame, steps } = node {
                if *frame == callee {
                    steps.end = end;
                }
            }
        }
    }

    /// The steps before `before` that `first` or `first.second` means in a frame.
    pub fn find(
        &self,
        frame: usize,
        first: &str,
        second: Option<&str>,
        before: usize,
    ) -> Option<Range<usize>> {
        let mut at = Some(frame);
        while let Some(frame) = at.and_then(|at| self.frames.get(at)) {
            for (_, node) in named(&frame.nodes, first) {
                let found = match (node, second) {
                    (node, None) | (node @ Node::Spoiled(_), Some(_)) => steps_of(node, before),
                    (Node::Step(_), Some(_)) => None,
                    (Node::Call { frame, .. }, Some(second)) => named(self.nodes(*frame), second)
                        .find_map(|(_, node)| steps_of(node, before)),
                };
                if found.is_some() {
                    return found;
                }
            }
            at = frame.parent;
        }
        None
    }
}

/// Entries of that name, the last one first.
fn named<'n>(
    nodes: &'n [(Option<String>, Node)],
    name: &str,
) -> impl Iterator<Item = &'n (Option<String>, Node)> {
    nodes.iter().rev().filter(move |(known, _)| known.as_deref() == Some(name))
}

fn steps_of(node: &Node, before: usize) -> Option<Range<usize>> {
    let steps = match node {
        Node::Step(step) | Node::Spoiled(step) => *step..*step + 1,
        Node::Call { steps, .. } => steps.clone(),
    };
    let steps = steps.start..steps.end.min(before);
    (!steps.is_empty()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S1; CALL of P1 and INNER of Q1; S2.
    fn names() -> (Names, usize, usize) {
        let mut names = Names::new();
        names.add_step(ROOT, Some("S1"), 0);
        let call = names.open_call(ROOT, Some("CALL"), 1);
        names.add_step(call, Some("P1"), 1);
        let inner = names.open_call(call, Some("INNER"), 2);
        names.add_step(inner, Some("Q1"), 2);
        names.close_call(call, inner, 3);
        names.close_call(ROOT, call, 3);
        names.add_step(ROOT, Some("S2"), 3);
        (names, call, inner)
    }

    #[test]
    fn names_are_seen_from_the_inside_out() {
        let (names, call, inner) = names();
        assert_eq!(names.find(ROOT, "CALL", Some("P1"), 4), Some(1..2));
        assert_eq!(names.find(ROOT, "CALL", None, 4), Some(1..3));
        assert_eq!(names.find(inner, "P1", None, 3), Some(1..2));
        assert_eq!(names.find(inner, "S1", None, 3), Some(0..1));
        assert_eq!(names.find(call, "INNER", Some("Q1"), 4), Some(2..3));
        assert_eq!(names.find(ROOT, "P1", None, 4), None);
        assert_eq!(names.find(ROOT, "S1", Some("P1"), 4), None);
    }

    #[test]
    fn a_spoiled_step_may_have_steps_of_any_name() {
        let (mut names, ..) = names();
        names.add_spoiled(ROOT, Some("BAD"), 4);
        assert_eq!(names.find(ROOT, "BAD", Some("ANY"), 5), Some(4..5));
        assert_eq!(names.find(ROOT, "BAD", None, 5), Some(4..5));
        assert_eq!(names.find(ROOT, "BAD", Some("ANY"), 4), None);
    }

    #[test]
    fn only_earlier_steps_are_meant() {
        let (names, call, _) = names();
        assert_eq!(names.find(ROOT, "S2", None, 3), None);
        assert_eq!(names.find(call, "CALL", None, 2), Some(1..2));
        assert_eq!(names.find(call, "CALL", Some("P1"), 1), None);
    }

    #[test]
    fn of_equal_names_the_last_one_counts() {
        let (mut names, ..) = names();
        names.add_step(ROOT, Some("S1"), 4);
        assert_eq!(names.find(ROOT, "S1", None, 5), Some(4..5));
        assert_eq!(names.find(ROOT, "S1", None, 4), Some(0..1));
    }
}
