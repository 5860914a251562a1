//! `fugue token`: credentials for people and programs.

use super::Context;
use crate::error::Failure;
use crate::output::{Table, say};
use crate::transcript::day;
use clap::Subcommand;
use fugue_domain::api::{NewToken, Token as View};
use fugue_domain::caller::Role;
use fugue_domain::id::TokenId;
use serde_json::json;

/// Tokens: credentials for people and programs.
#[derive(Subcommand)]
pub enum Token {
    /// Make a token. It is printed once; the hub keeps only its hash.
    Create {
        /// What it is for.
        name: String,
        /// What its bearer may do: viewer, operator, approver, admin or owner.
        #[arg(long, default_value = "operator", value_parser = role)]
        role: Role,
        /// When it stops working, for example `+720h` or `2027-01-01 00:00`; never by itself when absent.
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        /// Another org, by name, which is made if it is not there. Only the owner may.
        #[arg(long)]
        org: Option<String>,
    },
    /// List all tokens, without the credentials.
    List,
    /// Make a token useless at once.
    Revoke {
        /// Its id.
        token: TokenId,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let role = Role::from_word(text).filter(|role| *role != Role::Node);
    role.ok_or_else(|| "it is one of viewer, operator, approver, admin, owner".to_owned())
}

impl Token {
    /// Carries it out.
    pub async fn run(self, context: &Context) -> Result<(), Failure> {
        let (client, out) = (context.client()?, context.out);
        match self {
            Token::Create { name, role, expires, org } => {
                let expires_at = expires.map(|text| context.time("--expires", &text)).transpose()?;
                let token: View = client.create("/api/v1/tokens", &NewToken { name, role, expires_at, org }).await?;
                out.value(&token, |token| {
                    say(format_args!("{} for {:?}, shown only now:", token.role.word(), token.name));
                    out.line(token.token.as_deref().unwrap_or_default())
                })
            }
            Token::List => {
                let tokens: Vec<View> = client.list("/api/v1/tokens", usize::MAX).await?;
                out.value(&json!({ "items": tokens }), |_| {
                    let mut table = Table::new(&["ID", "ROLE", "MADE", "EXPIRES", "NAME"]);
                    for token in &tokens {
                        let expires = token.expires_at.map_or_else(|| "never".to_owned(), day);
                        table.row([token.id.to_string(), token.role.word().to_owned(), day(token.created_at), expires, token.name.clone()]);
                    }
                    table.print(out)
                })
            }
            Token::Revoke { token } => {
                client.delete(&format!("/api/v1/tokens/{token}")).await?;
                say(format_args!("{token} is revoked."));
                Ok(())
            }
        }
    }
}
