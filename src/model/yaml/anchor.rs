//! Anchored values, and how often they may be copied: aliases of aliases could fill the memory.

use std::collections::HashMap;

use crate::model::node::{Node, Value};

/// What copies of anchored values may add to one text, in bytes of text plus a share for each
/// value: enough for any file a person writes, far too little for one made to fill the memory.
const ALIAS_BUDGET: usize = 16 << 20;
/// What a value costs beside its text.
const NODE_COST: usize = 64;
/// How deep values may nest once aliases are followed, so that walking a tree cannot overflow.
const DEPTH_LIMIT: usize = 640;

/// The anchored values of a text.
pub(super) struct Anchors {
    values: HashMap<usize, Anchored>,
    budget: usize,
}

/// An anchored value and what a copy of it costs.
struct Anchored {
    value: Value,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    cost: usize,
    depth: usize,
}

/// What there is to say of a value that cannot be kept or copied; nothing where it was said before.
type Refusal = Option<&'static str>;

impl Default for Anchors {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            budget: ALIAS_BUDGET,
        }
    }
}

impl Anchors {
    /// Forgets the values of a document. What copies of them took stays spent.
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// Keeps a value, which is a copy as well.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node) -> Result<(), Refusal> {
        let size = size(node);
        self.spend(size.cost)?;
        let value = node.value.clone();
        self.values.insert(anchor, Anchored { value, size });
        Ok(())
    }

    /// A copy of a value, for a place that is `depth` deep.
    pub(super) fn copy(&mut self, anchor: usize, depth: usize) -> Result<Value, Refusal> {
        let Some(size) = self.values.get(&anchor).map(|anchored| anchored.size) else {
            return Err(Some("an alias inside the value that it stands for"));
        };
        if depth + size.depth > DEPTH_LIMIT {
            return Err(Some("aliases nest too deeply"));
        }
        self.spend(size.cost)?;
        let copied = self.values.get(&anchor);
        Ok(copied.map_or(Value::Null, |anchored| anchored.value.clone()))
    }

    fn spend(&mut self, cost: usize) -> Result<(), Refusal> {
        if self.budget == 0 {
            return Err(None);
        }
        self.budget = self.budget.saturating_sub(cost);
        if self.budget == 0 {
            return Err(Some("aliases make this file too large to read"));
        }
        Ok(())
    }
}

fn size(node: &Node) -> Size {
    let within = |sizes: &mut dyn Iterator<Item = Size>| {
        sizes.fold(Size::default(), |all, one| Size {
            cost: all.cost + one.cost,
            depth: all.depth.max(one.depth),
        })
    };
    let inner = match &node.value {
        Value::Sequence(items) => within(&mut items.iter().map(size)),
        Value::Mapping(entries) => within(&mut entries.iter().map(|entry| {
            let size = size(&entry.value);
            Size {
                cost: size.cost + entry.key.len(),
                ..size
            }
        })),
        Value::Text(text) => Size {
            cost: text.decoded.len() + 16 * text.map.len(),
            depth: 0,
        },
        Value::Number(number) => Size {
            cost: number.len(),
            depth: 0,
        },
        Value::Null | Value::Bool(_) => Size::default(),
    };
    Size {
        cost: inner.cost + NODE_COST,
        depth: inner.depth + 1,
    }
}
