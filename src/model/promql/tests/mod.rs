//! Facts about the parser.

mod corpus;
mod oracle;
mod property;
mod syntax;

use super::ast::{Expr, ExprKind};

/// The structure of an expression, every operation in parentheses.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Number(_) => "n".to_owned(),
        ExprKind::Text(_) => "s".to_owned(),
        ExprKind::Variable(text) => text.clone(),
        ExprKind::Selector(selector) => selector.name.as_ref().map_or("{}", |n| &n.text).to_owned(),
        ExprKind::Matrix { selector, .. } => format!("{}[r]", shape(selector)),
        ExprKind::Subquery { expr, .. } => format!("{}[r:]", shape(expr)),
        ExprKind::Modified { expr, .. } | ExprKind::Paren(expr) => shape(expr),
        ExprKind::Call { function, args } => call(&function.text, args.iter().map(shape)),
        ExprKind::Aggregate {
            operator,
            parameter,
            expr,
            ..
        } => {
            let args = parameter.as_deref().into_iter().chain([&**expr]).map(shape);
            call(&operator.text.to_lowercase(), args)
        }
        ExprKind::Unary { expr, .. } => match shape(expr).as_str() {
            "n" => "n".to_owned(),
            inner => format!("(-{inner})"),
        },
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } => format!("({} {} {})", shape(left), operator.text, shape(right)),
    }
}

fn call(name: &str, args: impl Iterator<Item = String>) -> String {
    format!("{name}({})", args.collect::<Vec<_>>().join(", "))
}
