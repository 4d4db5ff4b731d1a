//! Any text is a tree: each node stands behind its parent and within it, no deeper than the bound,
//! in its innermost block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nashra_read::{html::{MAX_DEPTH, Tag, Tree}, read::lines::Lines};

fuzz_target!(|html: &str| {
    let tree = Tree::parse(html);
    for node in 1..tree.len() {
        let parent = tree.parent(node);
        assert!(parent < node && tree.end(node) > node && tree.end(node) <= tree.end(parent));
        assert!(tree.depth(node) <= MAX_DEPTH + 1);
        assert_eq!(Some(tree.block(node)), tree.ancestors(node).find(|ancestor| tree.tag(*ancestor).is_block()));
        assert!(tree.tag(parent) != Tag::Text);
    }
    let lines = Lines::from_tree(&tree);
    assert!(lines.lines.windows(2).all(|pair| pair[0].last < pair[1].first && pair[0].text.end == pair[1].text.start));
});
